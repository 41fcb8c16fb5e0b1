"""How long `evaluate` scores fifty cases on one core and on two."""
