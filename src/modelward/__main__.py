"""`python -m modelward` is the command `modelward`."""

import sys

from modelward.cli.main import main

sys.exit(main())
