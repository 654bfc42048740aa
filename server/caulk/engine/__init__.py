"""From texts to findings: which rules run on what, and what is kept between runs."""
