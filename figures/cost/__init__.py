"""Figure of the appendix on cost: pieces of a step beside what a processor and its memory can."""
