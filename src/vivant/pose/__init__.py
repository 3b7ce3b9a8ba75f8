"""Skeletons: their JSON, their drawings, and the joints back from a drawing. numpy and PIL only."""
