"""Arrays in, gradient and bounded update out."""

from analogeq.learning.descent import Descent
from analogeq.learning.gradient import contrastive_gradient

__all__ = ["Descent", "contrastive_gradient"]
