"""modelward: may this model, dataset or dependency go further, and on what evidence?"""

__version__ = "0.1.0"
