"""Work in other processes, and bounds on its time and memory: a page may hang, crash or fill the machine."""
