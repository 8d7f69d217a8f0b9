# What `import modelward` offers, for type checkers: at run time it is loaded when it is asked for.

from modelward.api import CheckResult as CheckResult
from modelward.api import Defect as Defect
from modelward.api import Digest as Digest
from modelward.api import Finding as Finding
from modelward.api import Location as Location
from modelward.api import ModelwardError as ModelwardError
from modelward.api import Place as Place
from modelward.api import ReadError as ReadError
from modelward.api import Rule as Rule
from modelward.api import ScanResult as ScanResult
from modelward.api import Severity as Severity
from modelward.api import Unexamined as Unexamined
from modelward.api import UsageError as UsageError
from modelward.api import check as check
from modelward.api import scan as scan

__version__: str
__all__: list[str]
