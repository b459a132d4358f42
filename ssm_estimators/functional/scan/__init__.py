"""The chunked scan: one primitive runs every system over time."""

from ssm_estimators.functional.backend import set_backend as set_backend
from ssm_estimators.functional.scan.scan import chunk_length as chunk_length
from ssm_estimators.functional.scan.scan import chunked_scan as chunked_scan
from ssm_estimators.functional.scan.scan import scan_system as scan_system
