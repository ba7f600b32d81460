"""What every test may use: Hypothesis profiles and a real Valkey."""
