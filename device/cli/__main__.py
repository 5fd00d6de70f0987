"""``python -m device.cli``: the ``tintcast`` command, where its script is not on the path."""

import sys

from device.cli import main

sys.exit(main())
