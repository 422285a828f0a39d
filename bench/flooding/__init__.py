"""What bench/floods is made of."""
