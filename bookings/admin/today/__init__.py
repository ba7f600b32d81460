"""The first page: today of one restaurant, or a line for each of several."""
