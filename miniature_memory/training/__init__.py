"""Training: the model, its optimizer, what a batch is, and the loop. The only core package with PyTorch."""
