BEGIN TRANSACTION;
CREATE TABLE dead_letters (
	place VARCHAR NOT NULL, 
	letter_id VARCHAR NOT NULL, 
	service VARCHAR NOT NULL, 
	event_id VARCHAR NOT NULL, 
	event_type VARCHAR NOT NULL, 
	rule VARCHAR NOT NULL, 
	revision INTEGER, 
	reason TEXT NOT NULL, 
	status INTEGER, 
	fingerprint VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	died_at DATETIME NOT NULL, 
	indexed_at DATETIME NOT NULL, 
	routing_key TEXT NOT NULL, 
	content_type TEXT, 
	content_encoding TEXT, 
	app_id TEXT, 
	headers TEXT NOT NULL, 
	body BLOB, 
	PRIMARY KEY (place, letter_id)
);
INSERT INTO "dead_letters" VALUES('invalid','b2a3580f946d4d619d2a3f7d81e79627','','','','',NULL,'id must be a text that is not empty, found nothing',NULL,'994b345374c0',0,'2026-11-21 12:09:35.012429','2026-11-20 12:00:00.000000','shop.order',NULL,NULL,NULL,'{"mih-reason": "id must be a text that is not empty, found nothing", "mih-routing-key": "shop.order", "mih-letter-id": "b2a3580f946d4d619d2a3f7d81e79627", "mih-died-at": "2026-11-21T12:09:35.012429+00:00"}',X'7B227370656376657273696F6E223A2022312E30222C202274797065223A202273686F702E6F72646572227D');
INSERT INTO "dead_letters" VALUES('invalid','d74976876dce4deca5f573b77b8b70cb','','','','',NULL,'ingest: its process died 3 times while it was in hand',NULL,'dfef6a544186',0,'2026-11-21 12:09:35.012689','2026-11-20 12:00:00.000000','shop',NULL,NULL,NULL,'{"mih-reason": "ingest: its process died 3 times while it was in hand", "mih-routing-key": "shop", "mih-letter-id": "d74976876dce4deca5f573b77b8b70cb", "mih-died-at": "2026-11-21T12:09:35.012689+00:00"}',X'7B227472616365706172656E74223A2230302D34626639326633353737623334646136613363653932396430653065343733362D303066303637616130626139303262372D3031222C227370656376657273696F6E223A22312E30222C226964223A226F726465722D3432222C22736F75726365223A2273686F70222C2274797065223A2273686F702E6F72646572222C227375626A656374223A226F72646572732F3432222C2274696D65223A22323032362D31312D32305431313A35393A35382B30313A3030222C2264617461223A7B226E756D626572223A34322C227072696365223A22392E3930227D7D');
INSERT INTO "dead_letters" VALUES('invalid','fc80f17871024f069182acf74db3743a','','','','',NULL,'fits no format: an object with 1 key; expected a Moodle event (eventname, …), a CloudEvent in structured JSON (specversion, …) or in ce- headers, a domain event (eventName, …), or an object with a type',NULL,'a039aa39b568',0,'2026-11-21 12:09:35.011912','2026-11-20 12:00:00.000000','shop',NULL,NULL,NULL,'{"mih-reason": "fits no format: an object with 1 key; expected a Moodle event (eventname, \u2026), a CloudEvent in structured JSON (specversion, \u2026) or in ce- headers, a domain event (eventName, \u2026), or an object with a type", "mih-routing-key": "shop", "mih-letter-id": "fc80f17871024f069182acf74db3743a", "mih-died-at": "2026-11-21T12:09:35.011912+00:00"}',X'7B226E656974686572223A20226E6F72227D');
INSERT INTO "dead_letters" VALUES('lake','2fc4b54d-34e6-5ed3-b4dc-fe75d1a759bf','lake','order-31','shop.order','to-lake',3,'HTTP 503, after 3 attempts',503,'f34a49cb0f06',3,'2026-11-20 12:00:00.000000','2026-11-20 12:00:00.000000','lake','application/vnd.mih.delivery+json',NULL,NULL,'{"mih-version": 1, "mih-delivery-id": "2fc4b54d-34e6-5ed3-b4dc-fe75d1a759bf", "mih-event-id": "order-31", "mih-rule": "to-lake", "mih-service": "lake", "mih-attempt": 3, "mih-first-seen": "2026-11-20T12:00:00+00:00", "mih-story": "[{\"attempt\":1,\"at\":\"2026-11-20T12:00:00+00:00\",\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"answer\":\"down for maintenance\"},{\"attempt\":3,\"at\":\"2026-11-20T12:00:00+00:00\",\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"answer\":\"down for maintenance\"}]", "mih-reason": "HTTP 503, after 3 attempts", "mih-outcome": "{\"v\":1,\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"retry_after_s\":30.0,\"answer\":\"down for maintenance\",\"timed_out\":false}", "mih-died-at": "2026-11-20T12:00:00+00:00", "mih-fingerprint": "f34a49cb0f06"}',X'7B2276223A312C226964223A2232666334623534642D333465362D356564332D623464632D666537356431613735396266222C2273657276696365223A226C616B65222C2272756C65223A22746F2D6C616B65222C227265766973696F6E223A332C2266697273745F7365656E223A22323032362D31312D32305431323A30303A30302B30303A3030222C2272657175657374223A7B2273656E64223A7B22726F7574696E675F6B6579223A2273686F702E6F72646572222C2268656164657273223A7B7D7D2C22626F6479223A227B5C226E756D6265725C223A33312C5C2270726963655C223A5C22392E39305C227D222C22636F6E74656E745F74797065223A226170706C69636174696F6E2F6A736F6E227D2C226576656E74223A7B227472616365706172656E74223A2230302D34626639326633353737623334646136613363653932396430653065343733362D303066303637616130626139303262372D3031222C227370656376657273696F6E223A22312E30222C226964223A226F726465722D3331222C22736F75726365223A2273686F70222C2274797065223A2273686F702E6F72646572222C227375626A656374223A226F72646572732F3331222C2274696D65223A22323032362D31312D32305431313A35393A35382B30313A3030222C226D6968686F7073223A312C2264617461223A7B226E756D626572223A33312C227072696365223A22392E3930227D7D7D');
INSERT INTO "dead_letters" VALUES('sis','8e95bfa5-4781-5f93-b348-b48d1e3e5309','sis','order-32','shop.order','to-sis',3,'HTTP 503, after 3 attempts',503,'7c0d58c1c715',3,'2026-11-20 12:00:00.000000','2026-11-20 12:00:00.000000','sis','application/vnd.mih.delivery+json',NULL,NULL,'{"mih-version": 1, "mih-delivery-id": "8e95bfa5-4781-5f93-b348-b48d1e3e5309", "mih-event-id": "order-32", "mih-rule": "to-sis", "mih-service": "sis", "mih-attempt": 3, "mih-first-seen": "2026-11-20T12:00:00+00:00", "mih-story": "[{\"attempt\":1,\"at\":\"2026-11-20T12:00:00+00:00\",\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"answer\":\"down for maintenance\"},{\"attempt\":3,\"at\":\"2026-11-20T12:00:00+00:00\",\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"answer\":\"down for maintenance\"}]", "mih-reason": "HTTP 503, after 3 attempts", "mih-outcome": "{\"v\":1,\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"retry_after_s\":30.0,\"answer\":\"down for maintenance\",\"timed_out\":false}", "mih-died-at": "2026-11-20T12:00:00+00:00", "mih-fingerprint": "7c0d58c1c715"}',X'7B2276223A312C226964223A2238653935626661352D343738312D356639332D623334382D623438643165336535333039222C2273657276696365223A22736973222C2272756C65223A22746F2D736973222C227265766973696F6E223A332C2266697273745F7365656E223A22323032362D31312D32305431323A30303A30302B30303A3030222C2272657175657374223A7B2273656E64223A7B226F7065726174696F6E223A22637265617465506572736F6E222C2268656164657273223A7B7D2C22736F61705F68656164657273223A7B7D7D2C22626F6479223A227B5C226E616D655C223A5C226F726465725C222C5C2269645C223A33327D222C22636F6E74656E745F74797065223A226170706C69636174696F6E2F6A736F6E227D2C226576656E74223A7B227472616365706172656E74223A2230302D34626639326633353737623334646136613363653932396430653065343733362D303066303637616130626139303262372D3031222C227370656376657273696F6E223A22312E30222C226964223A226F726465722D3332222C22736F75726365223A2273686F70222C2274797065223A2273686F702E6F72646572222C227375626A656374223A226F72646572732F3332222C2274696D65223A22323032362D31312D32305431313A35393A35382B30313A3030222C226D6968686F7073223A312C2264617461223A7B226E756D626572223A33322C227072696365223A22392E3930227D7D7D');
INSERT INTO "dead_letters" VALUES('till','abf103b5-e112-5641-a3e8-3b9987980a3a','till','order-30','shop.order','to-till',3,'HTTP 503, after 3 attempts',503,'a518a671321c',3,'2026-11-20 12:00:00.000000','2026-11-20 12:00:00.000000','till','application/vnd.mih.delivery+json',NULL,NULL,'{"mih-version": 1, "mih-delivery-id": "abf103b5-e112-5641-a3e8-3b9987980a3a", "mih-event-id": "order-30", "mih-rule": "to-till", "mih-service": "till", "mih-attempt": 3, "mih-first-seen": "2026-11-20T12:00:00+00:00", "mih-story": "[{\"attempt\":1,\"at\":\"2026-11-20T12:00:00+00:00\",\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"answer\":\"down for maintenance\"},{\"attempt\":3,\"at\":\"2026-11-20T12:00:00+00:00\",\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"answer\":\"down for maintenance\"}]", "mih-reason": "HTTP 503, after 3 attempts", "mih-outcome": "{\"v\":1,\"ending\":\"may-pass\",\"reason\":\"HTTP 503\",\"status\":503,\"latency_ms\":41,\"retry_after_s\":30.0,\"answer\":\"down for maintenance\",\"timed_out\":false}", "mih-died-at": "2026-11-20T12:00:00+00:00", "mih-fingerprint": "a518a671321c"}',X'7B2276223A312C226964223A2261626631303362352D653131322D353634312D613365382D336239393837393830613361222C2273657276696365223A2274696C6C222C2272756C65223A22746F2D74696C6C222C227265766973696F6E223A332C2266697273745F7365656E223A22323032362D31312D32305431323A30303A30302B30303A3030222C2272657175657374223A7B2273656E64223A7B226D6574686F64223A22505554222C2270617468223A222F6F72646572732F3330222C227175657279223A7B7D2C2268656164657273223A7B7D7D2C22626F6479223A227B5C226E756D6265725C223A33302C5C2270726963655C223A5C22392E39305C227D222C22636F6E74656E745F74797065223A226170706C69636174696F6E2F6A736F6E227D2C226576656E74223A7B227472616365706172656E74223A2230302D34626639326633353737623334646136613363653932396430653065343733362D303066303637616130626139303262372D3031222C227370656376657273696F6E223A22312E30222C226964223A226F726465722D3330222C22736F75726365223A2273686F70222C2274797065223A2273686F702E6F72646572222C227375626A656374223A226F72646572732F3330222C2274696D65223A22323032362D31312D32305431313A35393A35382B30313A3030222C226D6968686F7073223A312C2264617461223A7B226E756D626572223A33302C227072696365223A22392E3930227D7D7D');
CREATE TABLE dropped_letters (
	place VARCHAR NOT NULL, 
	why VARCHAR NOT NULL, 
	letters BIGINT NOT NULL, 
	since DATETIME NOT NULL, 
	last_at DATETIME NOT NULL, 
	PRIMARY KEY (place, why)
);
INSERT INTO "dropped_letters" VALUES('till','older than 30d',2,'2026-11-20 12:00:00.000000','2026-11-20 12:00:00.000000');
CREATE TABLE event_names (
	type VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	PRIMARY KEY (type, name)
);
INSERT INTO "event_names" VALUES('shop.order','number');
INSERT INTO "event_names" VALUES('shop.order','price');
CREATE TABLE event_types (
	type VARCHAR NOT NULL, 
	events BIGINT NOT NULL, 
	first_seen DATETIME NOT NULL, 
	last_seen DATETIME NOT NULL, 
	source TEXT NOT NULL, 
	sample TEXT NOT NULL, 
	PRIMARY KEY (type)
);
INSERT INTO "event_types" VALUES('shop.order',1,'2026-11-20 12:00:00.000000','2026-11-20 12:00:00.000000','shop','{"number":1,"price":"9.90"}');
CREATE TABLE interventions (
	matter VARCHAR(16) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (matter, name)
);
INSERT INTO "interventions" VALUES('paused','archive','paused','anna','moves house','2026-11-20 12:00:00.000000');
INSERT INTO "interventions" VALUES('stopped','old-rule','stopped','ben','wrong prices','2026-11-20 12:00:00.000000');
INSERT INTO "interventions" VALUES('breaker','archive','breaker-closed','anna','its answers lie','2026-11-20 12:00:00.000000');
CREATE TABLE registry_revisions (
	number INTEGER NOT NULL, 
	document TEXT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	applied_at DATETIME NOT NULL, 
	applied_by TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "registry_revisions" VALUES(1,'{"version": 1, "defaults": {"timeout": "10s", "retry": {"max_attempts": 3, "backoff": "1s", "max_backoff": "1s"}}, "services": {"till": {"transport": "rest", "url": "https://first.example.org/", "auth": {"type": "bearer", "token": "env:PASSWORD"}}, "lake": {"transport": "amqp", "url": "amqps://lake/v", "exchange": "lake", "auth": {"type": "basic", "username": "mih", "password": "env:PASSWORD"}}, "sis": {"transport": "soap", "wsdl": "https://sis/?wsdl", "auth": {"type": "basic", "username": "mih", "password": "env:PASSWORD"}}}, "rules": {"to-till": {"event": "shop.order", "service": "till", "send": {"method": "PUT", "path": "/orders/{{number}}"}}, "to-lake": {"event": "shop.order", "service": "lake", "send": {"routing_key": "{{event.key}}"}}, "to-sis": {"event": "shop.order", "service": "sis", "send": {"operation": "createPerson"}, "payload": "{\"name\": \"order\", \"id\": {{number}}}"}, "enrolments": {"event": "\\core\\event\\user_enrolment_created", "service": "till", "payload": "{\"number\": {{objectid}}, \"student\": {{relateduserid}}}"}, "domain": {"event": "shop.paid", "service": "till", "payload": "{\"number\": {{payload.number}}}"}, "unrenderable": {"event": "shop.odd", "service": "till", "payload": "{\"gone\": {{gone}}}", "missing": "error"}}}','65d7b38a226daa53cfac60c241e145b2872e915e7634cf156e03685c2d1fa8f6','2026-11-20 12:00:00.000000','anna');
INSERT INTO "registry_revisions" VALUES(2,'{"version": 1, "defaults": {"timeout": "10s", "retry": {"max_attempts": 3, "backoff": "1s", "max_backoff": "1s"}}, "services": {"till": {"transport": "rest", "url": "https://second.example.org/", "auth": {"type": "bearer", "token": "env:PASSWORD"}}, "lake": {"transport": "amqp", "url": "amqps://lake/v", "exchange": "lake", "auth": {"type": "basic", "username": "mih", "password": "env:PASSWORD"}}, "sis": {"transport": "soap", "wsdl": "https://sis/?wsdl", "auth": {"type": "basic", "username": "mih", "password": "env:PASSWORD"}}}, "rules": {"to-till": {"event": "shop.order", "service": "till", "send": {"method": "PUT", "path": "/orders/{{number}}"}}, "to-lake": {"event": "shop.order", "service": "lake", "send": {"routing_key": "{{event.key}}"}}, "to-sis": {"event": "shop.order", "service": "sis", "send": {"operation": "createPerson"}, "payload": "{\"name\": \"order\", \"id\": {{number}}}"}, "enrolments": {"event": "\\core\\event\\user_enrolment_created", "service": "till", "payload": "{\"number\": {{objectid}}, \"student\": {{relateduserid}}}"}, "domain": {"event": "shop.paid", "service": "till", "payload": "{\"number\": {{payload.number}}}"}, "unrenderable": {"event": "shop.odd", "service": "till", "payload": "{\"gone\": {{gone}}}", "missing": "error"}}}','5be2fee226165ea7cce086a559770ee5baaa21a9ab5f7ddf5d733cbc09026f48','2026-11-20 12:00:00.000000','anna');
CREATE INDEX dead_letters_by_cause ON dead_letters (place, fingerprint, died_at, letter_id);
COMMIT;
