"""People in photos by BlazePose (Bazarevsky et al. 2020, arXiv 2006.10204), run on LiteRT."""
