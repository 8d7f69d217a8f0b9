"""https://nvd.nist.gov/vuln/detail/CVE-2026-5241"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"model_type": "lightglue", "keypoint_detector_config": {"trust_remote_code": True}}).encode()


def quiet() -> bytes:
    return json.dumps({"model_type": "lightglue", "trust_remote_code": False}).encode()
