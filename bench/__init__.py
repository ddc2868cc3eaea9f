"""What the program costs and how fast it is, beside what people use instead; see docs/performance.md."""
