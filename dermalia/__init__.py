"""The project and the platform every app stands on."""
