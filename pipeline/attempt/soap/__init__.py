"""SOAP's own part of an attempt: the WSDL, the envelope that a payload becomes, and what an answer says."""
