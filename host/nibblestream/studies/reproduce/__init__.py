"""Table 3 and Figures 1 to 4 of the paper, with our networks and recordings (extra: eval)."""

NAMES = ("table3", "fig1", "fig2", "fig3", "fig4")
UNSCORED = {"fig1", "fig2"}  # figures of weights, which need no scores
