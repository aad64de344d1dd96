"""What Prefect's server is told wherever it runs with asmosis; docs/adr/0012 says what each costs and saves."""

SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # A unit's tasks come as three events each. Recorded one by one, they are what the server does most; together, those
    # of a second cost little more than one. Whoever looks sees a task a second later.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "20",
    # Clients keep their connections between requests; five seconds, as it comes, is less than most pauses.
    "PREFECT_SERVER_API_KEEPALIVE_TIMEOUT": "60",
    # Units queue for their turn on purpose: fifteen seconds later, as it comes, each is given another state for that.
    "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "3600",
}
"""For every database."""
