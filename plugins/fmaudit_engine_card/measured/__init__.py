"""What a model takes on this machine: time against length and batch, memory, energy; and toys that show why."""
