"""What is logged and why: settings, never-log entries, the decision engine, intake and undo."""
