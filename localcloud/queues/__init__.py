"""Lambda's event source mappings on localhost: messages of SQS queues, handed to functions in batches."""
