"""Changes of a restaurant's settings, and the service days that follow from them."""
