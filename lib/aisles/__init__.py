"""aisles: puts every product of every affiliate feed into every category where it belongs."""
