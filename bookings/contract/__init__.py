"""The shapes of the HTTP contract, each once: a struct renders an answer and makes its schema. No models, no HTTP."""
