"""What the study of a GPU is made of."""
