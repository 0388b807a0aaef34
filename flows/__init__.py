"""What runs when: Prefect flows whose bodies are plain functions of stages."""
