"""What a picture of a graph is made of: text that is measured, cards of nodes, lines, a header, a legend, and ink."""
