"""How models are reached: backends behind one interface, and the asynchronous `Model` that audits see."""
