"""The HTTP API: guests book (`/api/`), the house looks on (`/api/ops/`)."""
