"""Judges Prism's mock of the Veeam document with targets/prism.yaml."""

import judged
import servers

with servers.prism("mock", servers.veeam_document()) as url:
    judged.compare("prism", "veeam", url)
