-- The URL to request, if it differs from the URL that identifies the page: as the site printed it, or as the site
-- redirected to it, with its scheme, its host and its trailing slash.
ALTER TABLE frontier ADD COLUMN request_url TEXT CHECK (request_url GLOB 'http://*' OR request_url GLOB 'https://*');

PRAGMA user_version = 5;
