"""What several kinds share: thresholds, adder trees and their cost."""
