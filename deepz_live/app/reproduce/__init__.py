"""The paper's quantitative claims beside what this program measures, on one page."""
