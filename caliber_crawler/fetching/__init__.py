"""The way to the network: every request takes its turn, only public addresses are asked, a browser scrolls."""
