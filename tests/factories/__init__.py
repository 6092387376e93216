"""One module of factories per app: plain defaults, nothing a reader must look up."""
