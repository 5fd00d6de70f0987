"""MQTT: one session for each process, its topics, and films delivered frame by frame, each exactly once."""
