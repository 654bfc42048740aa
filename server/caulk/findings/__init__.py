"""What rules report and what fixes need."""
