"""Planning: foldings, FIFO depths and memories for a graph on a board. Needs neither torch nor FINN."""

from hwcodesign.fpga.resources import Resources
from hwcodesign.plan.draft import fold_only
from hwcodesign.plan.loading import loadable
from hwcodesign.plan.plan import Plan
from hwcodesign.plan.planner import plan

__all__ = ["Plan", "Resources", "fold_only", "loadable", "plan"]
