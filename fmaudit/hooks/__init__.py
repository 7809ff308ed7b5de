"""What plugins may bring, and how they are loaded."""
