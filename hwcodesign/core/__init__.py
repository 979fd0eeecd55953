"""What every room uses: errors, assets, external tools, progress, the run folder."""
