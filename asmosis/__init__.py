"""Moves an Azure estate from the classic deployment model (ASM) to Resource Manager (ARM)."""
