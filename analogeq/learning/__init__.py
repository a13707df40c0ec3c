"""Arrays in, gradient and bounded update out."""
