"""The leakage audit: does anything of one part of a split stand in another, and did preparing look at the mask?"""

from core.data.leakage.audit import Audit, Leak, audit_for_card, audit_split
from core.data.leakage.evidence import NO_EVIDENCE, Evidence, OnCase, gather_evidence

__all__ = ["NO_EVIDENCE", "Audit", "Evidence", "Leak", "OnCase", "audit_for_card", "audit_split", "gather_evidence"]
