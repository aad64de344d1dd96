"""What classic (Azure Service Management) has: its XML documents as frozen models."""
