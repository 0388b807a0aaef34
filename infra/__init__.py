"""What Postroom runs on: settings, wiring, services."""
