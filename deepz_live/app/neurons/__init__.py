"""What ``analyze neurons`` left, looked at over its recording; without Qt."""
