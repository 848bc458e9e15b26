"""The range of points on which people see a score, whatever model gave it. Pure."""

# The published part of the scale: PDs from about 0.06 % up to 95 %.
SCALE_LOW, SCALE_HIGH = 400, 700
