"""The demo: pictures drawn, served on loopback, and run through a graph."""
