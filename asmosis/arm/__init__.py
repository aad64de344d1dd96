"""What Resource Manager holds: ids, and one module of typed properties per Microsoft provider."""
